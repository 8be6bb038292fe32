"""Files as they are delivered: tables in any usual form, CPR numbers, names of periods, marks of made-up data."""
