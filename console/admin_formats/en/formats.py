"""Named as Django asks for them; `console.shell.formats` has the words of our own pages."""

DATETIME_FORMAT = "j M Y, H:i \\U\\T\\C"
SHORT_DATETIME_FORMAT = DATETIME_FORMAT
DATE_FORMAT = "j M Y"
SHORT_DATE_FORMAT = DATE_FORMAT
MONTH_DAY_FORMAT = "j F"
TIME_FORMAT = "H:i"
