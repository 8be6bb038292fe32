"""The analysis plan of one study as frozen values, and how study.yaml becomes one."""
