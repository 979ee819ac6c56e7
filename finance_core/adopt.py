"""Adopt the user's own database: `python -m finance_core.adopt` inspects it, and writes only after a yes."""

import signal
import sys

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while the modules load: no traceback
    from finance_core.foreign.adopt_command import main

    sys.exit(main())
