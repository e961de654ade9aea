"""The referral form: a journey of small questions over the very document that the API takes.

`steps` lists the questions, `journey` walks them, `fields` fill the document, `drafts` keeps it until it is sent.
"""
