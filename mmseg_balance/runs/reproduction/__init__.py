"""A row of the paper's tables: trained, tested, compared."""
