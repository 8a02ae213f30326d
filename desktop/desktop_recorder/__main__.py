"""`python -m desktop_recorder` is the same as `desktop-recorder`."""

from desktop_recorder.main import run

if __name__ == "__main__":
    run()
