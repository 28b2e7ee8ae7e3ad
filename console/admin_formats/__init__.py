"""How the admin writes moments in lists and on records (settings.FORMAT_MODULE_PATH): as our own pages do, in UTC."""
