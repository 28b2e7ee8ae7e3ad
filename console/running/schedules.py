"""What is done by time: django-q2's schedules, written by code alone. Whoever needs another one adds a line."""

from django.conf import settings

from gateway.queue import Scheduled

SCHEDULES = (
    Scheduled("end-work-sessions", "console.viewing.sessions.sweep", settings.SWEEP_INTERVAL),
    Scheduled("end-approvals", "console.approvals.deciding.sweep", settings.SWEEP_INTERVAL),
    Scheduled("note-audit-head", "console.record.heads.note_daily", 600),  # once a day, by the file
    Scheduled("catch-up", "gateway.catch_up.run_if_due", settings.SWEEP_INTERVAL),  # after an hour without a webhook
    Scheduled("redact-old-events", "gateway.retention.redact_old", 600),  # once an hour
    Scheduled("drop-old-payloads", "gateway.retention.drop_due", 3600),
    Scheduled("remove-old-job-files", "console.jobs.jobs.remove_old_files", 3600),
    Scheduled("mail-daily-digest", "console.mail.digest.send_daily", 600),  # once a day, by the mails themselves
    Scheduled("redact-old-mails", "console.mail.mails.redact_old", 3600),
    Scheduled("drop-old-drafts", "console.bulk.drafts.drop_old", 600),
    Scheduled("forget-bulk-rows", "console.bulk.forgetting.forget_old", 3600),
    Scheduled("recount-bulk-runs", "console.bulk.ended.recount", settings.SWEEP_INTERVAL),
    Scheduled("follow-stripes-clock", "gateway.clock.follow", settings.SWEEP_INTERVAL),  # once a minute
)
