"""The command line, `python -m capture`: what a person sets up or looks at once, outside of Azure Functions.

- app.py       all commands on one screen
- status.py, parked.py, recordings.py, handover.py   the nodes, by HTTP
- doctor.py    a node's settings and connections
- nodes.py     addresses and keys of the nodes
- webhook.py   webhooks of the Dynamics organisation: register, list, remove
- desktop.py   keys of workstations
- answers.py   how a command answers: tables for people, JSON for programs, exit codes
- secret.py    secrets from variables
- dynamics.py  the organisation that the environment names
"""
