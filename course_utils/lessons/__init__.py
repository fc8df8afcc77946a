"""One module a notebook: its explorers, polls, exercises and figures."""
