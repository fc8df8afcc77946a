"""JupyterHub on one machine: every account of the machine may log in and has the lessons.

    sudo .venv-hub/bin/jupyterhub -f deploy/hub/jupyterhub_config.py

docs/hub.md says what to install first.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

c = get_config()  # noqa: F821 (JupyterHub gives it)

c.JupyterHub.bind_url = "http://127.0.0.1:8000"  # a web server with TLS stands before it
c.JupyterHub.authenticator_class = "pam"  # the machine's accounts and passwords …
c.PAMAuthenticator.allow_all = True  # … all of them: name a group in allowed_groups for fewer

# A user's processes run as that user, in the environment that this hub runs in.
c.JupyterHub.spawner_class = "localprocess"
c.Spawner.cmd = [str(HERE / "start-user")]
c.Spawner.default_url = "/lab/tree/evidence-ladder/notebooks/00_neural_regression.ipynb"
c.Spawner.environment = {
    "COURSE": str(ROOT),
    "JUPYTER_CONFIG_PATH": str(ROOT / "classroom" / "config"),
    "OMP_NUM_THREADS": "1",  # the Makefile says why
    "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
}
c.Spawner.mem_limit = "2G"  # for each process, not for all of a user's: see start-user
c.Spawner.http_timeout = 240  # seconds: a class that comes at once waits for the processors

# A server whose browser has been shut for an hour is stopped: its files stay, its variables go.
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    }
]
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"],
    }
]
