"""What the shell may ask about the history of an account."""

from console.shell.nouns import Noun, Tab

NOUN = Noun(tabs=(Tab(label="Activity", path="activity", icon="activity", section="Settings", order=90),))
