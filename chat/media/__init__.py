"""What a file is, found in its content: its type, its size as a picture, a thumbnail, its length.

`types` and `sizes` read a little of the file, with limits, in this process. Pillow and whatever
else decodes files runs in `worker`, a process of its own with limits on memory and time.
`inspector` starts it and asks it.
"""
