"""What speaks HTTP with others: the reconciliation service, and links that the services of others propose.

Nothing here runs unless it is asked for, and nothing below this layer needs it. ``reconciliation`` knows what the service
answers, ``properties`` what it knows of items, ``pages`` how people see it, ``application`` how it is said over HTTP (the
only module that needs the extra ``serve``), ``links`` how what a service of somebody else said becomes RDF.
"""
