"""The first mile: from files with civil registration numbers to a delivery that holds none."""
