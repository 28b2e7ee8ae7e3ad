"""What is done by time: django-q2's schedules, written by code alone. Who needs another one adds a line."""

from gateway.queue import Scheduled

SCHEDULES = (
    Scheduled("end-work-sessions", "console.viewing.sessions.sweep", minutes=1),
    Scheduled("note-audit-head", "console.record.heads.note_daily", minutes=10),  # once a day, by its own file
    Scheduled("catch-up", "gateway.catch_up.run_if_due", minutes=1),  # after an hour without a webhook
    Scheduled("redact-old-events", "gateway.inbox.redact_old", minutes=10),  # once an hour
    Scheduled("follow-stripes-clock", "gateway.clock.follow", minutes=1),
)
