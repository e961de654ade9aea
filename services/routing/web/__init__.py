"""The agency's pages: its tasks, each as one page to work from, room, and pictures of the work. What they do, the API does."""
