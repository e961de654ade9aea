"""How messages leave: one interface, a module for each way. What is sent is the same; where it goes is a setting."""
