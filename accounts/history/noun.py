"""What the history of an account tells the shell."""

from console.shell.nouns import Noun, Tab

NOUN = Noun(tabs=(Tab(label="Activity", path="activity", icon="activity", section="Settings", order=90),))
