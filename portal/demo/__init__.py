"""What `manage.py demo` adds to the embedded portal: simulators, a business clock, people, accounts, a year of data."""
