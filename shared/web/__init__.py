"""Pages for people: the route, the layout and its parts, forms that can be trusted, text in one catalogue, sign-in."""
