"""The project: wiring only. Nothing imports it but Django."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
