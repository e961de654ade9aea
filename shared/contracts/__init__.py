"""The events: what services say to one another. One module for each producer; `all_events()` in `registry` lists them."""
