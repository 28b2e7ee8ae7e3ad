"""What is done by time: django-q2's schedules, written by code alone. Whoever needs another one adds a line."""

from django.conf import settings

from gateway.queue import Scheduled

SCHEDULES = (
    Scheduled("end-work-sessions", "console.viewing.sessions.sweep", settings.SWEEP_INTERVAL),
    Scheduled("note-audit-head", "console.record.heads.note_daily", 600),  # once a day, by the file
    Scheduled("catch-up", "gateway.catch_up.run_if_due", settings.SWEEP_INTERVAL),  # after an hour without a webhook
    Scheduled("redact-old-events", "gateway.inbox.redact_old", 600),  # once an hour
    Scheduled("drop-old-drafts", "console.bulk.drafts.drop_old", 600),
    Scheduled("follow-stripes-clock", "gateway.clock.follow", settings.SWEEP_INTERVAL),  # once a minute
)
