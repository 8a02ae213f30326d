"""`python -m capture`."""

from capture.commands.app import app

if __name__ == "__main__":
    app(prog_name="python -m capture")
