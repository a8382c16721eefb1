"""Who somebody is, in the words of a provider: what it signed, or what it answers when asked.

Nothing here reads or writes a row of ours.
"""
