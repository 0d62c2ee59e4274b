"""Ways in: each turns a target into a manifest. A folder for each, and one for the forms that name a target."""
