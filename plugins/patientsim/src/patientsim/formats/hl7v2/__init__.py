"""HL7 v2.5.1: admission, discharge and transfer messages.

Segments end with a carriage return, as the standard says; after each message stands a line feed, so a file holds one
message a line. Times are the tables' local civil times; MSH-7 carries the state's standard offset, which by the
standard holds for the whole message.
"""
