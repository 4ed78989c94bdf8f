"""The container's health check: exit code 0 when the service in it is ready."""

import os
import sys
import urllib.error
import urllib.request

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def main() -> int:
    port = int(os.environ["HTTP_PORT"])  # noqa: TID251  outside the services
    try:
        with OPENER.open(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            problem = "" if answer.status == 200 else f"status {answer.status}"  # noqa: PLR2004
    except urllib.error.HTTPError as error:
        problem = error.read(1000).decode(errors="replace")
    except OSError as error:
        problem = str(error)
    sys.stderr.write(problem)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
