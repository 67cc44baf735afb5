"""Running commands where they can harm nothing: what there is on this machine, and one command in it.

The boundary is the operating system's. Nothing here asks a person: policy and approvals come before.
"""
