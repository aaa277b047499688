"""What the site costs: ``make bench`` measures loading in bulk, its growth, and the pages."""
