#!/usr/bin/env python
"""Django's command line. A setting that is refused ends it with one line, not a traceback."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the settings are named

    from portal.embedded.folder import claim_for  # noqa: PLC0415
    from portal.env import EnvironmentRefused  # noqa: PLC0415

    try:
        claim_for(sys.argv[1:])
        execute_from_command_line(sys.argv)
    except EnvironmentRefused as error:
        sys.stderr.write(f"portal: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
