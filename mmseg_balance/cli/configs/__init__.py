"""Commands on configs of the package."""
