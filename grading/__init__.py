"""From lessons to marks: notebooks for students, and what their submissions are worth.

exercises        – which function each exercise asks for
release          – a lesson for students, with nbgrader's metadata
submission       – from a submitted notebook to the code of its answers
worker           – a process that runs a student's answers, and says what they return
judge            – starts it, stops it, and compares what it says with the references
table            – a folder of submissions as a table, the class's usual mistakes on top
nbgrader_config  – lets nbgrader's autograde judge by all this (nbgrader_judge)
"""
