"""What whoever runs a server looks at: is it well, what does it do, how long does that take.

Everything is read from turns once they are committed (`Runtime.watchers`), so that a turn that was undone is neither
counted nor logged. Nothing here holds what customers or functions say: labels and attributes are names that flows and
configurations have (blocks, flows, functions, queues), words of ours, and in logs and traces the ids of contacts.
"""
