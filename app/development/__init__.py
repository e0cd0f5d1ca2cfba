"""What `rookery dev` is made of: the children it runs, in which order, and how they end."""
