"""Why an authorization was approved or declined."""
