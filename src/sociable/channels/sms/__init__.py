"""Text messages through GOV.UK Notify: received by fetching or by callback, answered with a template, told what became of them."""
