"""Puts the rooms together: settings, addresses, server and command. It decides nothing about requests or promises."""
