"""Mail: every mail is a row, sent by the worker, never lost and never sent again by itself."""
