"""A simulated Dynamics 365 organisation with its Entra token endpoint and its file download host.

Run it with `python -m lab.dynamics`, or inside a test with `lab.dynamics.server.running_organisation`.
What it answers follows Microsoft Learn (Dataverse Web API, Omnichannel table reference); what that leaves
open is answered with a refusal rather than a guess.
"""
