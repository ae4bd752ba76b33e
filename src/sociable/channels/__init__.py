"""Holds one folder for each network, the contract they share and the registry that finds them.

Leaves every table, every retry and every clock to the rooms above; only this room opens sockets to the outside.
"""
