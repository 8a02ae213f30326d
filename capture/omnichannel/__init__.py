"""The only code that knows Dataverse. `organisation.py` is the door: it implements `capture.ports.Source`.

- organisation.py    joins the parts below into one `Source`
- tokens.py          access tokens from Entra
- transport.py       HTTP sessions with time-outs; knows no Dataverse
- pause.py           until when this node must not call (Retry-After of a 429)
- refusal.py         what an answer that is no success means: the only reader of HTTP statuses of the Web API
- web_api.py         calls of the Web API: headers, renewal of the token, paging
- query.py           how a query is spelled
- rows.py            reading the columns of a row
- choices.py         words for choice codes
- recordings.py      which recordings there are
- aside.py           conversation rows that came with a page of recordings
- agents.py          the users who are agents, remembered for a while
- conversations.py   rows of a conversation turned into a value; pure
- metadata.py        which calls that takes
- sas.py            the fresh anonymous link to a file, and the download from it
- ranges.py         the same bytes through the Web API, where there are no links
- body.py           reading a body in pieces
- download.py       which of the two ways is taken
- webhook.py         what a posted change of a row says of an agent's session: the door of the webhooks; pure
- execution.py       the posted document: parsed, and reduced to changes of rows; knows no table
- session_rows.py    what each table's changes say of a session
- contract_values.py reading the values of such a document
- registration.py    registers, lists and removes the webhooks in Dynamics
- steps.py           the steps of one endpoint
- sdk_messages.py    the ids of the messages that steps are bound to
- credential.py      what is sent with every post
- subscriptions.py   which changes of which rows are asked for
"""
