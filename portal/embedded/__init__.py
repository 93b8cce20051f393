"""The embedded portal: web server, queue, schedule and notice stream in one process, on one data folder."""
