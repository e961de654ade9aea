"""The pages of operations: what is wrong, what that means for families, and how it is put right."""
