"""How long until something happens, with cases that still wait and cases that leave: arrays in, days and shares out."""
