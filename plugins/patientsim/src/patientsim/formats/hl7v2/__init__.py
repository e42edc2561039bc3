"""HL7 v2.5.1: admission, discharge and transfer messages.

Segments end with a carriage return, as the standard says; after each message stands a line feed, so a file holds one
message a line. Times are the tables' local civil times, each with the offset that the patient's county has at that
time: a message may tell of a time before the clocks were changed.
"""
