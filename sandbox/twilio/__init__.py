"""Twilio's Messaging API: texts out, reports about them back, and phones that answer."""
