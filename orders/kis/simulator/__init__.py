"""A broker that speaks KIS on two ports of this machine: order book, inquiries, encrypted notices, faults by name.

`python -m orders.kis.simulator` runs it. It shares the codec with the client, so it proves flows, never the codec.
"""
