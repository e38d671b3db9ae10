"""Maps: payload formats that are written as data, `*.yaml`, instead of a program."""
