"""``python -m further`` does what the command ``further`` does."""

from __future__ import annotations

from further.cli.main import main

if __name__ == "__main__":
    main()
