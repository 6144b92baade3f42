# Whose kernel is this?
import os

print(os.uname().release)
