"""What runs inside the processes of functions: on the user's interpreter (Python 3.8 or newer), without offhook.

Its files are linked into a folder that the child may import from; nothing in them may import the rest of offhook.
"""
