"""The commands, one file each: ``configure`` declares the arguments, ``run`` does the work."""
