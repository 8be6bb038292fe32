"""What a register is: its description, headers, types, codes and rules; the schema and its page come from it."""
